"""The room service: who is in which room, who may see whom, and how one leaves. Media is forwarded by a `MediaEngine`."""
