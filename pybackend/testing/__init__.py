"""For tests of applications: a pytest plugin (`trtc_rooms`, `trtc_backend`, `trtc_cloud`), programs as fixtures, faults.

The plugin is found by pytest by itself where `pybackend` is installed. Nothing here needs a camera, a microphone, a
display or a network.
"""
