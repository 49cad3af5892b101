"""The words of the whole house: values, storage, events and their delivery. Imports nothing of ours."""
