#!/usr/bin/python3
"""Re-creates the nine light_* networks of ONNX's backend tests: the topology of each, with weights that take no room.

Upstream's light_*.onnx files are classification networks whose weights are ConstantOfShape nodes. Debian's
libonnx-testdata does not ship them, so this script builds networks of the same names from their publications, in the
same style (operator set 9, ConstantOfShape weights, LRN, Dropout, Sum, grouped convolution, scale and shift after BatchNormalization by
Unsqueeze, Mul and Add, channel shuffle by Reshape and Transpose). Totals of multiply-accumulates and parameters are added up by
formula while the network is built, compared with the literature where it gives them, and written to totals.txt.
Needs Debian's python3-onnx.
"""

import argparse
import pathlib

import onnx
from onnx import TensorProto, helper

# Parameters as published: a BatchNorm counts scale and shift.
LITERATURE = {
    "vgg19": {"parameters": 143_667_240, "macs": 19_632_062_464},  # Simonyan and Zisserman 2015; torchvision
    "resnet50": {"parameters": 25_557_032, "macs": 3_857_973_248},  # He et al. 2016 (v1: stride in the first 1x1)
    "densenet121": {"parameters": 7_978_856, "macs": 2_834_161_664},  # Huang et al. 2017; torchvision
    "squeezenet": {"parameters": 1_235_496},  # version 1.1; torchvision
    "bvlc_alexnet": {"parameters": 60_965_224},  # Krizhevsky et al. 2012 with two groups; Caffe's model zoo
    "inception_v1": {"parameters": 6_998_552},  # Szegedy et al. 2015, without the auxiliary heads; Caffe's model zoo
}


class Builder:
    """An ONNX graph that grows; tensors are (name, shape) pairs."""

    def __init__(self, name, size=224):
        self.name = name
        self.nodes = []
        self.initializers = []
        self.shapes = set()
        self.macs = 0
        self.parameters = 0
        self.count = 0
        self.data = ("data_0", (1, 3, size, size))

    def unique(self, kind):
        self.count += 1
        return f"{kind}_{self.count}"

    def node(self, op, inputs, shape, **attributes):
        output = self.unique(op.lower())
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output, tuple(shape)

    def integers(self, values):
        """A vector of integers; equal ones are one initializer."""
        name = "x".join(map(str, values))
        if name not in self.shapes:
            self.shapes.add(name)
            self.initializers.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
        return name

    def weight(self, shape, counted=True):
        half = helper.make_tensor("value", TensorProto.FLOAT, [1], [0.5])
        name, _ = self.node("ConstantOfShape", [self.integers(shape)], shape, value=half)
        elements = 1
        for extent in shape:
            elements *= extent
        if counted:
            self.parameters += elements
        return name

    def conv(self, x, out, kernel, stride=1, pad=0, groups=1, bias=True):
        name, (n, c, h, w) = x
        p, q = [(size + 2 * pad - kernel) // stride + 1 for size in (h, w)]
        inputs = [name, self.weight((out, c // groups, kernel, kernel))]
        if bias:
            inputs.append(self.weight((out,)))
        self.macs += n * out * (c // groups) * kernel * kernel * p * q
        return self.node("Conv", inputs, (n, out, p, q), kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4,
                         group=groups)

    def linear(self, x, out):
        name, (n, c) = x
        self.macs += n * c * out
        return self.node("Gemm", [name, self.weight((out, c)), self.weight((out,))], (n, out), transB=1)

    def relu(self, x):
        return self.node("Relu", [x[0]], x[1])

    def pool(self, op, x, kernel, stride, pads=(0, 0, 0, 0)):
        name, (n, c, h, w) = x
        p = (h + pads[0] + pads[2] - kernel) // stride + 1
        q = (w + pads[1] + pads[3] - kernel) // stride + 1
        return self.node(op, [name], (n, c, p, q), kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=list(pads))

    def max_pool(self, x, kernel, stride, pads=(0, 0, 0, 0)):
        return self.pool("MaxPool", x, kernel, stride, pads)

    def average_pool(self, x, kernel, stride, pads=(0, 0, 0, 0)):
        return self.pool("AveragePool", x, kernel, stride, pads)

    def global_average_pool(self, x):
        return self.node("GlobalAveragePool", [x[0]], (*x[1][:2], 1, 1))

    def lrn(self, x, alpha=1e-4, beta=0.75):
        return self.node("LRN", [x[0]], x[1], size=5, alpha=alpha, beta=beta, bias=1.0)

    def batch_norm(self, x):
        channels = x[1][1]
        statistics = [self.weight((channels,), counted=False) for _ in range(2)]
        scale_and_shift = [self.weight((channels,)) for _ in range(2)]
        return self.node("BatchNormalization", [x[0], *scale_and_shift, *statistics], x[1], epsilon=1e-5)

    def caffe_batch_norm(self, x):
        """Caffe's pair of layers: BatchNorm normalizes, Scale has the parameters. Together two a channel."""
        channels = x[1][1]
        four = [self.weight((channels,), counted=False) for _ in range(4)]
        x = self.node("BatchNormalization", [x[0], *four], x[1], epsilon=1e-5)
        for op in ("Mul", "Add"):
            vector, _ = self.node("Unsqueeze", [self.weight((channels,))], (channels, 1, 1), axes=[1, 2])
            x = self.node(op, [x[0], vector], x[1])
        return x

    def total(self, tensors):
        return self.node("Sum", [t[0] for t in tensors], tensors[0][1])

    def concat(self, tensors):
        shape = list(tensors[0][1])
        shape[1] = sum(t[1][1] for t in tensors)
        return self.node("Concat", [t[0] for t in tensors], shape, axis=1)

    def dropout(self, x):
        return self.node("Dropout", [x[0]], x[1], ratio=0.5)

    def flatten(self, x):
        elements = 1
        for extent in x[1][1:]:
            elements *= extent
        return self.node("Reshape", [x[0], self.integers([1, elements])], (1, elements))

    def shuffle(self, x, groups):
        name, (n, c, h, w) = x
        five = (n, groups, c // groups, h, w)
        split, _ = self.node("Reshape", [name, self.integers(five)], five)
        swapped, _ = self.node("Transpose", [split], (n, c // groups, groups, h, w), perm=[0, 2, 1, 3, 4])
        return self.node("Reshape", [swapped, self.integers(x[1])], x[1])

    def save(self, x, folder):
        output, shape = self.node("Softmax", [x[0]], x[1], axis=1)
        graph = helper.make_graph(
            self.nodes, self.name,
            [helper.make_tensor_value_info(self.data[0], TensorProto.FLOAT, self.data[1])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)], self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], producer_name="make_light_networks.py")
        model.ir_version = 4
        onnx.checker.check_model(model)
        data = model.SerializeToString()
        (folder / f"light_{self.name}.onnx").write_bytes(data)
        for what, published in LITERATURE.get(self.name, {}).items():
            if getattr(self, what) != published:
                raise SystemExit(f"{self.name}: {getattr(self, what):,} {what}, published {published:,}")
        print(f"{self.name:14} {self.macs:>15,} MACs {self.parameters:>12,} parameters {len(data):>8,} bytes")


def bvlc_alexnet(b):
    half = (0, 0, 1, 1)  # Caffe rounds pooled sizes up
    x = b.max_pool(b.lrn(b.relu(b.conv(b.data, 96, 11, stride=4))), 3, 2, half)
    x = b.max_pool(b.lrn(b.relu(b.conv(x, 256, 5, pad=2, groups=2))), 3, 2, half)
    x = b.relu(b.conv(x, 384, 3, pad=1))
    x = b.relu(b.conv(x, 384, 3, pad=1, groups=2))
    x = b.max_pool(b.relu(b.conv(x, 256, 3, pad=1, groups=2)), 3, 2, half)
    x = b.flatten(x)
    for _ in range(2):
        x = b.dropout(b.relu(b.linear(x, 4096)))
    return b.linear(x, 1000)


def zfnet512(b):
    half = (0, 0, 1, 1)
    x = b.max_pool(b.lrn(b.relu(b.conv(b.data, 96, 7, stride=2, pad=1)), alpha=5e-5), 3, 2, half)
    x = b.max_pool(b.lrn(b.relu(b.conv(x, 256, 5, stride=2)), alpha=5e-5), 3, 2, half)
    for channels in (512, 1024, 512):
        x = b.relu(b.conv(x, channels, 3, pad=1))
    x = b.flatten(b.max_pool(x, 3, 2))
    for _ in range(2):
        x = b.dropout(b.relu(b.linear(x, 4096)))
    return b.linear(x, 1000)


def vgg19(b):
    x = b.data
    for channels, repeats in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)):
        for _ in range(repeats):
            x = b.relu(b.conv(x, channels, 3, pad=1))
        x = b.max_pool(x, 2, 2)
    x = b.flatten(x)
    for _ in range(2):
        x = b.dropout(b.relu(b.linear(x, 4096)))
    return b.linear(x, 1000)


def resnet50(b):
    def unit(x, *arguments, **options):
        return b.batch_norm(b.conv(x, *arguments, bias=False, **options))

    x = b.max_pool(b.relu(unit(b.data, 64, 7, stride=2, pad=3)), 3, 2, (1, 1, 1, 1))
    for stage, (channels, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            y = b.relu(unit(x, channels, 1, stride=stride))
            y = b.relu(unit(y, channels, 3, pad=1))
            y = unit(y, 4 * channels, 1)
            shortcut = unit(x, 4 * channels, 1, stride=stride) if block == 0 else x
            x = b.relu(b.total([y, shortcut]))
    return b.linear(b.flatten(b.average_pool(x, 7, 1)), 1000)


def densenet121(b):
    def unit(x, *arguments, **options):
        return b.conv(b.relu(b.caffe_batch_norm(x)), *arguments, bias=False, **options)

    x = b.relu(b.caffe_batch_norm(b.conv(b.data, 64, 7, stride=2, pad=3, bias=False)))
    x = b.max_pool(x, 3, 2, (1, 1, 1, 1))
    for stage, layers in enumerate((6, 12, 24, 16)):
        for _ in range(layers):
            x = b.concat([x, unit(unit(x, 128, 1), 32, 3, pad=1)])
        if stage < 3:
            x = b.average_pool(unit(x, x[1][1] // 2, 1), 2, 2)
    x = b.global_average_pool(b.relu(b.caffe_batch_norm(x)))
    return b.linear(b.flatten(x), 1000)


def inception_v1(b):
    def module(x, ones, reduce3, threes, reduce5, fives, projection):
        return b.concat([
            b.relu(b.conv(x, ones, 1)),
            b.relu(b.conv(b.relu(b.conv(x, reduce3, 1)), threes, 3, pad=1)),
            b.relu(b.conv(b.relu(b.conv(x, reduce5, 1)), fives, 5, pad=2)),
            b.relu(b.conv(b.max_pool(x, 3, 1, (1, 1, 1, 1)), projection, 1))])

    half = (0, 0, 1, 1)
    x = b.lrn(b.max_pool(b.relu(b.conv(b.data, 64, 7, stride=2, pad=3)), 3, 2, half))
    x = b.relu(b.conv(b.relu(b.conv(x, 64, 1)), 192, 3, pad=1))
    x = b.max_pool(b.lrn(x), 3, 2, half)
    x = module(x, 64, 96, 128, 16, 32, 32)
    x = module(x, 128, 128, 192, 32, 96, 64)
    x = b.max_pool(x, 3, 2, half)
    x = module(x, 192, 96, 208, 16, 48, 64)
    x = module(x, 160, 112, 224, 24, 64, 64)
    x = module(x, 128, 128, 256, 24, 64, 64)
    x = module(x, 112, 144, 288, 32, 64, 64)
    x = module(x, 256, 160, 320, 32, 128, 128)
    x = b.max_pool(x, 3, 2, half)
    x = module(x, 256, 160, 320, 32, 128, 128)
    x = module(x, 384, 192, 384, 48, 128, 128)
    return b.linear(b.flatten(b.dropout(b.average_pool(x, 7, 1))), 1000)


def inception_v2(b):
    """BN-Inception (Ioffe and Szegedy 2015)."""
    half = (0, 0, 1, 1)

    def unit(x, *arguments, **options):
        return b.relu(b.caffe_batch_norm(b.conv(x, *arguments, bias=False, **options)))

    def module(x, ones, threes, doubles, projection, pool):
        double = unit(unit(unit(x, doubles[0], 1), doubles[1], 3, pad=1), doubles[1], 3, pad=1)
        pooled = (b.average_pool if pool == "average" else b.max_pool)(x, 3, 1, (1, 1, 1, 1))
        return b.concat([unit(x, ones, 1), unit(unit(x, threes[0], 1), threes[1], 3, pad=1), double,
                         unit(pooled, projection, 1)])

    def reduction(x, threes, doubles):
        double = unit(unit(unit(x, doubles[0], 1), doubles[1], 3, pad=1), doubles[1], 3, stride=2, pad=1)
        return b.concat([unit(unit(x, threes[0], 1), threes[1], 3, stride=2, pad=1), double, b.max_pool(x, 3, 2, half)])

    x = b.max_pool(unit(b.data, 64, 7, stride=2, pad=3), 3, 2, half)
    x = b.max_pool(unit(unit(x, 64, 1), 192, 3, pad=1), 3, 2, half)
    x = module(x, 64, (64, 64), (64, 96), 32, "average")
    x = module(x, 64, (64, 96), (64, 96), 64, "average")
    x = reduction(x, (128, 160), (64, 96))
    x = module(x, 224, (64, 96), (96, 128), 128, "average")
    x = module(x, 192, (96, 128), (96, 128), 128, "average")
    x = module(x, 160, (128, 160), (128, 160), 128, "average")
    x = module(x, 96, (128, 192), (160, 192), 128, "average")
    x = reduction(x, (128, 192), (192, 256))
    x = module(x, 352, (192, 320), (160, 224), 128, "average")
    x = module(x, 352, (192, 320), (192, 224), 128, "max")
    return b.linear(b.flatten(b.average_pool(x, 7, 1)), 1000)


def shufflenet(b):
    """ShuffleNet 1x with 3 groups (Zhang et al. 2018)."""
    groups = 3

    def unit(x, out, stride, first_groups):
        branch = out - x[1][1] if stride == 2 else out
        y = b.relu(b.batch_norm(b.conv(x, out // 4, 1, groups=first_groups, bias=False)))
        y = b.shuffle(y, groups)
        y = b.batch_norm(b.conv(y, out // 4, 3, stride=stride, pad=1, groups=out // 4, bias=False))
        y = b.batch_norm(b.conv(y, branch, 1, groups=groups, bias=False))
        if stride == 2:
            return b.relu(b.concat([b.average_pool(x, 3, 2, (1, 1, 1, 1)), y]))
        return b.relu(b.total([x, y]))

    x = b.relu(b.batch_norm(b.conv(b.data, 24, 3, stride=2, pad=1, bias=False)))
    x = b.max_pool(x, 3, 2, (1, 1, 1, 1))
    for stage, (out, repeats) in enumerate(((240, 4), (480, 8), (960, 4))):
        for repeat in range(repeats):
            x = unit(x, out, 2 if repeat == 0 else 1, 1 if stage == 0 and repeat == 0 else groups)
    return b.linear(b.flatten(b.average_pool(x, 7, 1)), 1000)


def squeezenet(b):
    """SqueezeNet 1.1 (Iandola et al. 2016)."""
    def fire(x, squeeze, expand):
        x = b.relu(b.conv(x, squeeze, 1))
        return b.concat([b.relu(b.conv(x, expand, 1)), b.relu(b.conv(x, expand, 3, pad=1))])

    x = b.max_pool(b.relu(b.conv(b.data, 64, 3, stride=2)), 3, 2)
    x = b.max_pool(fire(fire(x, 16, 64), 16, 64), 3, 2)
    x = b.max_pool(fire(fire(x, 32, 128), 32, 128), 3, 2)
    x = fire(fire(fire(fire(x, 48, 192), 48, 192), 64, 256), 64, 256)
    return b.global_average_pool(b.relu(b.conv(b.dropout(x), 1000, 1)))


NETWORKS = (bvlc_alexnet, densenet121, inception_v1, inception_v2, resnet50, shufflenet, squeezenet, vgg19, zfnet512)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=root / "tests" / "data" / "light")
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    totals = ["# network multiply-accumulates parameters; by formula, from script/make_light_networks.py"]
    for network in NETWORKS:
        builder = Builder(network.__name__)
        builder.save(network(builder), folder)
        totals.append(f"light_{builder.name} {builder.macs} {builder.parameters}")
    (folder / "totals.txt").write_text("\n".join(totals) + "\n")


if __name__ == "__main__":
    main()
