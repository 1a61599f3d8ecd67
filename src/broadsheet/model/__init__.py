"""The sentence model: text in, unit vectors out; onnxruntime and tokenizers, no torch.

A model is a folder (`folder.py` names its files). `obtain.py` brings one, `convert.py` makes the
default one out of safetensors weights, `sentence.py` runs it.
"""
