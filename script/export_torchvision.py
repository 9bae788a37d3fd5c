#!/usr/bin/python3
"""Exports torchvision's ResNet-50, MobileNetV2, VGG-16 and AlexNet to ONNX.

Weights are random (nothing is downloaded) and BatchNorm stays a node of its own, so that the totals are those of the
literature. By default every weight of more than one element becomes a ConstantOfShape node of the same shape, which makes files of some
kilobytes: tests/data/torchvision. With --weights the files keep their weights (25 MB to 550 MB).
Needs Debian's python3-torch, python3-torchvision and python3-onnx.
"""

import argparse
import io
import pathlib
import warnings

import onnx
import torch
import torchvision
from onnx import helper, numpy_helper

NETWORKS = ("alexnet", "vgg16", "resnet50", "mobilenet_v2")


def export(name):
    """The network as bytes of an ONNX file."""
    torch.manual_seed(1)
    model = getattr(torchvision.models, name)(weights=None).eval()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, torch.zeros(1, 3, 224, 224), buffer, opset_version=13, training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False, input_names=["images"], output_names=["scores"],
            dynamic_axes={"images": {0: "batch"}, "scores": {0: "batch"}},
        )
    return buffer.getvalue()


def without_weights(model):
    """Every initializer of floats and more than one element becomes a ConstantOfShape node."""
    graph = model.graph
    nodes, kept = [], []
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype != "float32" or array.size == 1:
            kept.append(tensor)
            continue
        shape = tensor.name + ".shape"
        kept.append(helper.make_tensor(shape, onnx.TensorProto.INT64, [array.ndim], array.shape))
        half = helper.make_tensor("value", onnx.TensorProto.FLOAT, [1], [0.5])
        nodes.append(helper.make_node("ConstantOfShape", [shape], [tensor.name], value=half))
    nodes.extend(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return model


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=root / "tests" / "data" / "torchvision")
    parser.add_argument("--weights", action="store_true", help="keep the weights in the files")
    parser.add_argument("networks", nargs="*", default=NETWORKS, metavar="NETWORK")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in arguments.networks:
        data = export(name)
        if not arguments.weights:
            data = without_weights(onnx.load_model_from_string(data)).SerializeToString()
        (arguments.output / f"{name}.onnx").write_bytes(data)
        print(f"{name}.onnx: {len(data):,} bytes")


if __name__ == "__main__":
    main()
