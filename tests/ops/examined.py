"""What one examination of the doctor finds, and a Python of any version."""

from intelbrief.ops import doctor

doctor.load()


def troubles(name):
    """Return what one examination finds, as it would be printed."""
    return list(doctor.REGISTRY[name].look())


def the_only(name):
    (found,) = troubles(name)
    return found


class SysVersion(tuple[int, ...]):
    """A version like sys.version_info."""

    def __new__(cls, *numbers):
        return super().__new__(cls, numbers)

    minor = property(lambda self: self[1])
    micro = property(lambda self: self[2])
