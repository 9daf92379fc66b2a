"""The domain's words as pydantic models."""
