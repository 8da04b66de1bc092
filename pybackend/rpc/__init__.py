"""The backend on the wire: JSON-RPC 2.0 over ZeroMQ, events with replay, frames over a loopback WebSocket."""
