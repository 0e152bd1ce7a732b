"""What comes out of files, and how snapshots are written."""
