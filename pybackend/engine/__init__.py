"""What a call of the surface does. One manager per concern, wired by a small `Cloud`; the `Backend` holds the clouds."""
