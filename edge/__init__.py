"""The service beside the camera: frames from MQTT in, verdicts, records and evidence out."""
