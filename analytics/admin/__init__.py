"""The pages of the reports."""

from analytics.admin.health import HealthAdmin
from analytics.admin.reports import ReportAdmin

__all__ = ["HealthAdmin", "ReportAdmin"]
