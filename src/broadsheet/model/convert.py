"""BERT weights (safetensors) to an ONNX graph that gives unit sentence vectors, and to int8.

The graph is written operator by operator, so neither torch nor transformers is needed.

Source: Devlin et al., "BERT" (arXiv:1810.04805), for the encoder; Reimers and Gurevych,
"Sentence-BERT" (arXiv:1908.10084), section 3, for mean pooling.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors import SafetensorError
from safetensors.numpy import load_file

from broadsheet.errors import ModelError

OPSET = 20  # the first with a Gelu operator
IR_VERSION = 9
TOKEN_OUTPUT, SENTENCE_OUTPUT = "token_embeddings", "sentence_embedding"  # optimum's names
MASKED = 10_000.0  # subtracted from masked attention scores; exp(-10000) is 0 in float32

Weights = Mapping[str, npt.NDArray[np.generic]]


class _Graph:
    """Collects the nodes and constants of one graph; each method returns a tensor's name."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike) -> str:
        name = f"constant_{len(self.constants)}"
        array = np.ascontiguousarray(np.asarray(values, dtype=dtype))
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def weight(self, name: str, *, transpose: bool = False) -> str:
        array = self.weights[name]
        return self.constant(array.T if transpose else array, np.float32)

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def linear(self, x: str, prefix: str) -> str:
        product = self.node("MatMul", x, self.weight(f"{prefix}.weight", transpose=True))
        return self.node("Add", product, self.weight(f"{prefix}.bias"))

    def layer_norm(self, x: str, prefix: str, epsilon: float) -> str:
        scale, shift = self.weight(f"{prefix}.weight"), self.weight(f"{prefix}.bias")
        return self.node("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)


def _embeddings(graph: _Graph, epsilon: float) -> str:
    length = graph.node("Gather", graph.node("Shape", "input_ids"), graph.integers(1))
    table = graph.weight("embeddings.position_embeddings.weight")
    positions = graph.node("Slice", table, graph.integers(0), length, graph.integers(0))
    words = graph.node("Gather", graph.weight("embeddings.word_embeddings.weight"), "input_ids")
    # One text at a time: every token is of segment 0, so its embedding is a constant.
    segment = graph.constant(graph.weights["embeddings.token_type_embeddings.weight"][0], "f4")
    total = graph.node("Add", graph.node("Add", words, positions), segment)
    return graph.layer_norm(total, "embeddings.LayerNorm", epsilon)


def _attention(graph: _Graph, x: str, bias: str, prefix: str, n_heads: int, hidden: int) -> str:
    head = hidden // n_heads

    def heads(part: str, order: list[int]) -> str:
        split = graph.node(
            "Reshape",
            graph.linear(x, f"{prefix}.self.{part}"),
            graph.integers(0, -1, n_heads, head),
        )
        return graph.node("Transpose", split, perm=order)

    query, key = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1])
    value = heads("value", [0, 2, 1, 3])
    scale = graph.constant(np.sqrt(head), np.float32)
    scores = graph.node("Div", graph.node("MatMul", query, key), scale)
    shares = graph.node("Softmax", graph.node("Add", scores, bias), axis=-1)
    mixed = graph.node("Transpose", graph.node("MatMul", shares, value), perm=[0, 2, 1, 3])
    joined = graph.node("Reshape", mixed, graph.integers(0, -1, hidden))
    return graph.linear(joined, f"{prefix}.output.dense")


def _encoder(graph: _Graph, x: str, bias: str, config: Mapping[str, object]) -> str:
    hidden, epsilon = _integer(config, "hidden_size"), float(str(config["layer_norm_eps"]))
    n_heads = _integer(config, "num_attention_heads")
    for layer in range(_integer(config, "num_hidden_layers")):
        prefix = f"encoder.layer.{layer}"
        attended = _attention(graph, x, bias, f"{prefix}.attention", n_heads, hidden)
        x = graph.layer_norm(
            graph.node("Add", attended, x), f"{prefix}.attention.output.LayerNorm", epsilon
        )
        inner = graph.node("Gelu", graph.linear(x, f"{prefix}.intermediate.dense"))
        outer = graph.linear(inner, f"{prefix}.output.dense")
        x = graph.layer_norm(graph.node("Add", outer, x), f"{prefix}.output.LayerNorm", epsilon)
    return x


def _mean_pooled(graph: _Graph, x: str, mask: str) -> None:
    """Mean over unmasked tokens, scaled to length 1; writes the output `sentence_embedding`."""
    column = graph.node("Unsqueeze", mask, graph.integers(2))
    kept = graph.node("Mul", x, column)
    total = graph.node("ReduceSum", kept, graph.integers(1), keepdims=0)
    mean = graph.node("Div", total, graph.node("ReduceSum", column, graph.integers(1), keepdims=0))
    length = graph.node("ReduceL2", mean, graph.integers(1), keepdims=1)
    graph.nodes.append(helper.make_node("Div", [mean, length], [SENTENCE_OUTPUT], name="pooled"))


def bert_graph(weights: Weights, config: Mapping[str, object]) -> onnx.ModelProto:
    """The ONNX model from `(input_ids, attention_mask)`, int64 (b, s), to two float32 outputs.

    `token_embeddings` (b, s, d) are the last layer's states; `sentence_embedding` (b, d) their
    mean over unmasked tokens, of length 1. `weights` are named as Hugging Face names BERT's,
    without a leading `bert.`; `config` is the content of its config.json.
    Raises ModelError for another architecture or missing weights.
    """
    if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
        raise ModelError("these weights are not of a BERT encoder with gelu; cannot convert them")
    graph = _Graph(weights)
    try:
        mask = graph.node("Cast", "attention_mask", to=TensorProto.FLOAT)
        blocked = graph.node(
            "Sub",
            graph.node("Unsqueeze", mask, graph.integers(1, 2)),
            graph.constant(1.0, np.float32),
        )
        bias = graph.node("Mul", blocked, graph.constant(MASKED, np.float32))
        x = _embeddings(graph, float(str(config["layer_norm_eps"])))
        tokens = _encoder(graph, x, bias, config)
        graph.nodes.append(helper.make_node("Identity", [tokens], [TOKEN_OUTPUT], name="tokens"))
        _mean_pooled(graph, tokens, mask)
    except KeyError as error:
        raise ModelError(f"the model's weights or settings lack {error}") from error
    dimension = _integer(config, "hidden_size")
    axes = ["batch", "sequence"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, axes)
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [
        helper.make_tensor_value_info(TOKEN_OUTPUT, TensorProto.FLOAT, [*axes, dimension]),
        helper.make_tensor_value_info(SENTENCE_OUTPUT, TensorProto.FLOAT, ["batch", dimension]),
    ]
    body = helper.make_graph(graph.nodes, "sentence", inputs, outputs, graph.constants)
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(body, opset_imports=[opset], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model


def convert(source: Path, target: Path) -> None:
    """Write `target` (fp32 ONNX) from `source`, a folder with config.json, model.safetensors.

    Raises ModelError where a file is missing, truncated or of another architecture.
    """
    try:
        config = json.loads((source / "config.json").read_text(encoding="utf-8"))
        weights = load_file(source / "model.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"cannot read the model's weights in {source}: {error}") from error
    named = {name.removeprefix("bert."): array for name, array in weights.items()}
    onnx.save(bert_graph(named, config), target)


def quantise(source: Path, target: Path) -> None:
    """Write `target`: `source` with int8 weights, one scale per output column.

    Weights keep 7 of the 8 bits: processors without VNNI add pairs of 8-bit products in 16 bits
    and saturate, so that the same text would get other vectors on another machine.
    Source: onnxruntime documentation, "Quantize ONNX Models", reduce_range.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic  # slow to import: 0.5 s

    # The tool calls logging.warning, which installs a handler on a root logger that has none.
    silent = logging.NullHandler()
    logging.getLogger().addHandler(silent)
    try:
        quantize_dynamic(
            source, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
        )
    finally:
        logging.getLogger().removeHandler(silent)


def _integer(config: Mapping[str, object], key: str) -> int:
    return int(str(config[key]))
