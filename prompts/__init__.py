"""What models are told; empty until specialists can be driven by a model."""
