"""What must hold when files are bad, processes die, disks are full and queries are hostile.

``python -m tests.faults`` tries all of it, for about an hour, and writes a table of results;
``python -m tests.faults R1 S3`` tries single rows.  ``tests/test_faults.py`` holds the quick
part.
"""
