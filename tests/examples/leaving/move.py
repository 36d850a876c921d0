"""Moves threads to conversations. Ids of threads are arguments; the texts, images and attachments of messages move."""

import sys

from openai import OpenAI

AT_ONCE = 20  # a request takes no more items


def move(client, thread_ids):
    """Makes a conversation of each thread, and returns their ids."""
    return [move_thread(client, thread_id) for thread_id in thread_ids]


def move_thread(client, thread_id):
    messages = client.beta.threads.messages.list(thread_id, order="asc", limit=100)
    items = [item_of(message) for message in messages]
    conversation = client.conversations.create(metadata={"thread_id": thread_id}, items=items[:AT_ONCE])
    for begin in range(AT_ONCE, len(items), AT_ONCE):
        client.conversations.items.create(conversation.id, items=items[begin : begin + AT_ONCE])
    return conversation.id


def item_of(message):
    text = "output_text" if message.role == "assistant" else "input_text"
    content = [part_of(part, text) for part in message.content]
    if message.role == "user":
        content += [{"type": "input_file", "file_id": one.file_id} for one in message.attachments or []]
    return {"type": "message", "role": message.role, "content": content}


def part_of(part, text):
    if part.type == "text":
        return {"type": text, "text": part.text.value}
    if part.type == "image_file":
        return {"type": "input_image", "file_id": part.image_file.file_id}
    return {"type": "input_image", "image_url": part.image_url.url}


if __name__ == "__main__":
    print(*move(OpenAI(), sys.argv[1:]), sep="\n")
