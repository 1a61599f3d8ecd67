"""The system of record: every SQL statement of Broadsheet stands in this folder."""
