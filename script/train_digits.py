#!/usr/bin/python3
"""Trains the digits network of the demo and writes everything that the demo reads to configs/networks.

Data: the 1,797 handwritten digits (8 x 8 pixels, values 0 to 16) that scikit-learn ships, divided by 16. 360 images, the
same share of every digit, are held out; training never sees them and no choice was made on them.

Written:
  digits.onnx                     the float network, dynamic batch
  digits-2-4.onnx                 the same, of every 4 weights along the input channels 2 are zero, fine-tuned with the mask held
  digits-eie.onnx                 the same, a tenth of the weights kept (all layers together, by magnitude, gradually), and 15 values
                                  shared by what is left of each layer's, fine-tuned
  digits/test_images.npy          float32 [360, 1, 8, 8]
  digits/test_labels.npy          int64 [360]
  digits/calibration_images.npy   float32 [128, 1, 8, 8], from the training images
  digits/README.md                source, licences, accuracies

One thread and fixed seeds: the same PyTorch gives the same files. About two minutes on one core.
Needs Debian's python3-torch and python3-sklearn.
"""

import argparse
import copy
import pathlib

import numpy
import sklearn
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

README = """# The digits of the demo

Images: `sklearn.datasets.load_digits`, a copy of the test set of *Optical Recognition of Handwritten Digits*
(E. Alpaydin, C. Kaynak, UCI Machine Learning Repository, 1998, https://doi.org/10.24432/C50P49), licensed CC BY 4.0;
scikit-learn itself is BSD-3-Clause. Changed here: pixel values divided by 16 and stored as `.npy`.

| file | content |
|---|---|
| `../digits.onnx` | the float network, {parameters:,} parameters, {macs:,} multiply-accumulates an image |
| `../digits-2-4.onnx` | pruned: two of every four weights along the input channels are zero (not in conv1, which has one channel) |
| `../digits-eie.onnx` | {kept:,} of the {weights:,} weights are left ({kept_share:.2f} %), with {clusters} distinct values in the layers conv1, conv2, conv3, fc |
| `test_images.npy` | float32 [{test}, 1, 8, 8], held out, values in [0, 1] |
| `test_labels.npy` | int64 [{test}] |
| `calibration_images.npy` | float32 [{calibration}, 1, 8, 8], from the {train} training images |

Float accuracy on the {test} held-out images:

| network | right | accuracy |
|---|---|---|
| `digits` | {dense_right} of {test} | {dense:.2f} % |
| `digits-2-4` | {sparse_right} of {test} | {sparse:.2f} % |
| `digits-eie` | {eie_right} of {test} | {eie:.2f} % |

`digits-eie` begins with `digits` and goes on with its training, while the weights smallest in magnitude, all layers' together, are set to zero
step by step until a tenth is left (Zhu and Gupta, 2017); those are then trained alone. Each layer's are grouped around 15 values by k-means,
begun with values at equal distances, and the values are trained by the sum of their weights' gradients (Han et al., "Deep Compression",
ICLR 2016). Share of the weights left in each layer: {shares}.

`script/train_digits.py` makes all of these files (written with PyTorch {torch}, scikit-learn {sklearn}).
"""


class Digits(torch.nn.Module):
    """conv, conv, pool, conv, pool, linear. Channel counts are multiples of 8 after the first layer."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = torch.nn.Conv2d(32, 32, 3, padding=1)
        self.fc = torch.nn.Linear(32 * 2 * 2, 10)
        self.relu = torch.nn.ReLU()
        self.pool = torch.nn.MaxPool2d(2)

    def forward(self, x):
        x = self.relu(self.conv1(x))
        x = self.pool(self.relu(self.conv2(x)))
        x = self.pool(self.relu(self.conv3(x)))
        return self.fc(x.flatten(1))

    def macs(self):
        return (16 * 1 * 9 + 32 * 16 * 9) * 8 * 8 + 32 * 32 * 9 * 4 * 4 + 128 * 10


def two_of_four(weight):
    """1 for the two largest magnitudes of every four consecutive input channels (the earlier one wins a tie), else 0."""
    channels_last = weight.detach().movedim(1, -1)
    groups = channels_last.reshape(-1, 4).abs()
    kept = groups.sort(dim=1, descending=True, stable=True).indices[:, :2]
    mask = torch.zeros_like(groups).scatter_(1, kept, 1.0)
    return mask.reshape(channels_last.shape).movedim(-1, 1).contiguous()


def shifted(images, generator):
    """Each image moved by up to one pixel each way, zeros moving in."""
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1))
    moves = torch.randint(0, 3, (len(images), 2), generator=generator)
    return torch.stack([p[:, y : y + 8, x : x + 8] for p, (y, x) in zip(padded, moves.tolist())])


def train(model, images, labels, epochs, rate, seed, masks=None):
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, weight_decay=1e-4)
    batch = 64
    steps = epochs * ((len(images) + batch - 1) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator)
        for chosen in order.split(batch):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(shifted(images[chosen], generator)), labels[chosen])
            loss.backward()
            optimizer.step()
            schedule.step()
            if masks:
                apply_masks(model, masks)
    model.eval()


def apply_masks(model, masks):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in masks:
                parameter.mul_(masks[name])


def weight_names(model):
    return [name for name, p in model.named_parameters() if p.dim() > 1]


def largest(model, share):
    """Masks that keep this share of all the weights, the greatest in magnitude, of all layers together."""
    weights = {name: p.detach().abs() for name, p in model.named_parameters() if p.dim() > 1}
    magnitudes = torch.cat([w.flatten() for w in weights.values()])
    kept = torch.zeros_like(magnitudes)
    kept[magnitudes.sort(descending=True, stable=True).indices[: round(share * len(magnitudes))]] = 1.0
    parts = kept.split([w.numel() for w in weights.values()])
    return {name: part.reshape(w.shape) for part, (name, w) in zip(parts, weights.items())}


def train_sparse(model, images, labels, share, epochs, seed):
    """Prunes in the first half of the epochs, by the cubic schedule of Zhu and Gupta (2017), once in each epoch; trains what is left in the second."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-4)
    steps_per_epoch = (len(images) + 63) // 64
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * steps_per_epoch)
    model.train()
    for epoch in range(epochs):
        progress = min(1.0, (epoch + 1) / (epochs / 2))
        if epoch < epochs / 2:
            masks = largest(model, share + (1 - share) * (1 - progress) ** 3)
            apply_masks(model, masks)
        for chosen in torch.randperm(len(images), generator=generator).split(64):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(shifted(images[chosen], generator)), labels[chosen])
            loss.backward()
            optimizer.step()
            schedule.step()
            apply_masks(model, masks)
    model.eval()
    return masks


def shared_values(weights, count):
    """k-means of the weights that are not zero, begun at equal distances: the sorted values, zero first, and each weight's index.
    A value that no weight is nearest to moves to the weight that is furthest from its own."""
    left = weights[weights != 0].double()
    values = torch.linspace(float(left.min()), float(left.max()), min(count, len(left.unique())), dtype=torch.float64)
    for _ in range(300):
        distance, nearest = (left[:, None] - values[None, :]).abs().min(1)
        sizes = torch.bincount(nearest, minlength=len(values))
        moved = torch.zeros_like(values).index_add_(0, nearest, left) / sizes.clamp(min=1)
        if (sizes == 0).any():
            moved = values.clone()
            moved[sizes.argmin()] = left[distance.argmax()]
        moved = moved.sort().values
        if torch.equal(moved, values):
            break
        values = moved
    index = 1 + (weights.double()[..., None] - values).abs().argmin(-1)
    index[weights == 0] = 0
    return torch.cat([torch.zeros(1), values.float()]), index


def train_shared(model, images, labels, count, epochs, rate, seed):
    """Weight sharing within each layer; the shared values and the biases are trained."""
    generator = torch.Generator().manual_seed(seed)
    parameters = dict(model.named_parameters())
    shared = {name: shared_values(parameters[name].detach(), count) for name in weight_names(model)}
    values = {name: torch.nn.Parameter(value) for name, (value, _) in shared.items()}

    def assign():
        with torch.no_grad():
            for name, value in values.items():
                parameters[name].copy_(value[shared[name][1]])

    assign()
    biases = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.Adam([*values.values(), *biases], lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * ((len(images) + 63) // 64))
    model.train()
    for _ in range(epochs):
        for chosen in torch.randperm(len(images), generator=generator).split(64):
            model.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(shifted(images[chosen], generator)), labels[chosen])
            loss.backward()
            for name, value in values.items():
                gradient = parameters[name].grad.flatten()
                value.grad = torch.zeros_like(value).index_add_(0, shared[name][1].flatten(), gradient)
                value.grad[0] = 0
            optimizer.step()
            schedule.step()
            assign()
    model.eval()


def correct(model, images, labels):
    with torch.no_grad():
        return int((model(images).argmax(1) == labels).sum())


def export(model, path):
    torch.onnx.export(
        model, torch.zeros(1, 1, 8, 8), str(path), opset_version=13, input_names=["images"], output_names=["scores"],
        dynamic_axes={"images": {0: "batch"}, "scores": {0: "batch"}},
    )


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=root / "configs" / "networks")
    parser.add_argument("--epochs", type=int, default=60)
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(1)

    digits = load_digits()
    pixels = (digits.images / 16.0).astype(numpy.float32).reshape(-1, 1, 8, 8)
    split = train_test_split(pixels, digits.target.astype(numpy.int64), test_size=360, stratify=digits.target, random_state=0)
    train_images, test_images, train_labels, test_labels = [torch.from_numpy(part) for part in split]

    model = Digits()
    train(model, train_images, train_labels, arguments.epochs, rate=3e-3, seed=2)
    dense_right = correct(model, test_images, test_labels)
    arguments.output.mkdir(parents=True, exist_ok=True)
    export(model, arguments.output / "digits.onnx")

    eie = copy.deepcopy(model)

    masks = {name: two_of_four(p) for name, p in model.named_parameters() if p.dim() > 1 and p.shape[1] >= 4}
    apply_masks(model, masks)
    pruned_right = correct(model, test_images, test_labels)
    train(model, train_images, train_labels, arguments.epochs // 2, rate=1e-3, seed=3, masks=masks)
    sparse_right = correct(model, test_images, test_labels)
    export(model, arguments.output / "digits-2-4.onnx")

    train_sparse(eie, train_images, train_labels, share=0.1, epochs=2 * arguments.epochs, seed=4)
    tenth_right = correct(eie, test_images, test_labels)
    train_shared(eie, train_images, train_labels, count=15, epochs=arguments.epochs // 2, rate=1e-3, seed=5)
    eie_right = correct(eie, test_images, test_labels)
    export(eie, arguments.output / "digits-eie.onnx")
    weights = {name.split(".")[0]: p.detach() for name, p in eie.named_parameters() if p.dim() > 1}
    kept = sum(int((w != 0).sum()) for w in weights.values())

    folder = arguments.output / "digits"
    folder.mkdir(exist_ok=True)
    calibration = train_images[:128]
    numpy.save(folder / "test_images.npy", test_images.numpy())
    numpy.save(folder / "test_labels.npy", test_labels.numpy())
    numpy.save(folder / "calibration_images.npy", calibration.numpy())
    (folder / "README.md").write_text(README.format(
        parameters=sum(p.numel() for p in model.parameters()), macs=model.macs(), test=len(test_images),
        train=len(train_images), calibration=len(calibration), dense_right=dense_right, sparse_right=sparse_right,
        weights=sum(w.numel() for w in weights.values()), kept=kept, eie_right=eie_right,
        kept_share=100 * kept / sum(w.numel() for w in weights.values()), eie=100 * eie_right / len(test_images),
        clusters=", ".join(str(len(w[w != 0].unique())) for w in weights.values()),
        shares=", ".join(f"{name} {100 * int((w != 0).sum()) / w.numel():.1f} %" for name, w in weights.items()),
        dense=100 * dense_right / len(test_images), sparse=100 * sparse_right / len(test_images),
        torch=torch.__version__, sklearn=sklearn.__version__))
    print(f"digits {dense_right}/{len(test_images)}, pruned 2:4 {pruned_right}, fine-tuned {sparse_right}; a tenth {tenth_right}, 15 values a layer {eie_right}")


if __name__ == "__main__":
    main()
