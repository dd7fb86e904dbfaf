"""Opens and clicks: taken at the door, kept in a stream for seconds, judged and counted."""
