"""What a user names, as async functions on plain records: chat, embed, draw."""
