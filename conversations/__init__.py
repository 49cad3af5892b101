"""What members say to us: the inbox of callbacks and what each is answered.

Door: `conversations.inbox.receive`. Owns every table named `conversations_*`.
"""
