"""What models are told: one file a specialist and language, and how it is read and filled in."""

from yingzhi.prompts.load import Prompt, load_prompt, prompt_names, render

__all__ = ["Prompt", "load_prompt", "prompt_names", "render"]
