"""The platform's API as the account's server calls it: errcode JSON with status 200 throughout."""
