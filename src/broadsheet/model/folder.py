class ModelError(Exception):
    pass
