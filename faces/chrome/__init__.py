"""What all faces share: sign-in, guards, refusals into statuses, live pages, filters, health."""
