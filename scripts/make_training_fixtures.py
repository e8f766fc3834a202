#!/usr/bin/env python3
"""Writes the fixtures of regressions and of metrics into Tests/Fixtures/training, as scikit-learn and scipy give them:

    regressions.json  small data sets with the coefficients of LogisticRegression (plain and with weights of the
                      classes), OneVsRestClassifier and Ridge, and the metrics of their predictions
    calibration.json  logits with the temperature of the smallest negative log-likelihood, the table of
                      calibration_curve and the expected calibration error that follows from it

Needs scikit-learn, scipy and numpy."""

import json
import pathlib

import numpy
import scipy
import sklearn
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax
from scipy.stats import pearsonr, spearmanr
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_squared_error
from sklearn.multiclass import OneVsRestClassifier
from sklearn.utils.class_weight import compute_class_weight

FOLDER = pathlib.Path(__file__).parent.parent / "Tests/Fixtures/training"
VERSIONS = {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": numpy.__version__}
BINS = 15
EXACT = {"tol": 1e-12, "max_iter": 100_000}


def rounded(values):
    """Numbers that float32 and JSON hold exactly alike."""
    return values.astype(numpy.float32).astype(float).round(4)


def single_label(classes, rows, columns, inverse_penalty, seed, weights=None):
    random = numpy.random.default_rng(seed)
    labels = random.integers(0, classes, rows)
    if weights is not None:  # an imbalance for the weights to act on
        labels = numpy.where(random.random(rows) < 0.6, 0, labels)
    centres = random.normal(0, 0.7, (classes, columns))
    features = rounded(centres[labels] + random.normal(0, 1, (rows, columns)))
    given = weights if weights in (None, "balanced") else dict(enumerate(weights))
    model = LogisticRegression(C=inverse_penalty, class_weight=given, **EXACT).fit(features, labels)
    predicted = model.predict(features)
    result = {
        "problemType": "single_label_classification",
        "labels": classes,
        "inversePenalty": inverse_penalty,
        "features": features.tolist(),
        "targets": [[label] for label in labels.tolist()],
        "coef": model.coef_.tolist(),
        "intercept": model.intercept_.tolist(),
        "metrics": {
            "loss": log_loss(labels, model.predict_proba(features)),
            "accuracy": accuracy_score(labels, predicted),
            "macro_f1": f1_score(labels, predicted, average="macro"),
        },
    }
    if weights is not None:
        result["isBalanced"] = weights == "balanced"
        result["classWeights"] = compute_class_weight(
            given, classes=numpy.arange(classes), y=labels
        ).tolist()
    return result


def multi_label(labels, rows, columns, inverse_penalty, seed):
    random = numpy.random.default_rng(seed)
    features = rounded(random.normal(0, 1, (rows, columns)))
    weight = random.normal(0, 1.2, (columns, labels))
    # The last label is so rare that it is never predicted.
    targets = (random.random((rows, labels)) < expit(features @ weight - numpy.arange(labels))).astype(int)
    targets[:, -1] = 0
    targets[3, -1] = 1
    model = OneVsRestClassifier(LogisticRegression(C=inverse_penalty, **EXACT)).fit(features, targets)
    predicted = model.predict(features)
    losses = [log_loss(targets[:, label], model.predict_proba(features)[:, label]) for label in range(labels)]
    return {
        "problemType": "multi_label_classification",
        "labels": labels,
        "inversePenalty": inverse_penalty,
        "features": features.tolist(),
        "targets": targets.tolist(),
        "coef": [one.coef_[0].tolist() for one in model.estimators_],
        "intercept": [one.intercept_[0] for one in model.estimators_],
        "metrics": {
            "loss": float(numpy.mean(losses)),
            "accuracy": accuracy_score(targets, predicted),
            "macro_f1": f1_score(targets, predicted, average="macro", zero_division=0),
            "micro_f1": f1_score(targets, predicted, average="micro"),
        },
    }


def regression(rows, columns, inverse_penalty, scale, shift, seed):
    random = numpy.random.default_rng(seed)
    features = rounded(random.normal(0, 1, (rows, columns)))
    values = rounded((features @ random.normal(0, 1, columns) + random.normal(0, 1, rows)) * scale + shift)
    values[1] = values[0]  # equal ranks
    model = Ridge(alpha=1 / inverse_penalty, solver="cholesky").fit(features, values)
    predicted = model.predict(features)
    return {
        "problemType": "regression",
        "labels": 1,
        "inversePenalty": inverse_penalty,
        "features": features.tolist(),
        "targets": [[value] for value in values.tolist()],
        "coef": [model.coef_.tolist()],
        "intercept": [model.intercept_],
        "metrics": {
            "loss": mean_squared_error(values, predicted),
            "pearson": pearsonr(values, predicted).statistic,
            "spearman": spearmanr(values, predicted).statistic,
        },
    }


def reliability(right, scores):
    """calibration_curve's points with the counts of their bins, and the expected calibration error."""
    fractions, means = calibration_curve(right, scores, n_bins=BINS, strategy="uniform")
    bins = numpy.searchsorted(numpy.linspace(0, 1, BINS + 1)[1:-1], scores)
    counts = numpy.bincount(bins, minlength=BINS)
    filled = counts[counts > 0]
    return {
        "counts": counts.tolist(),
        "meanScores": means.tolist(),
        "fractions": fractions.tolist(),
        "error": float((filled * abs(fractions - means)).sum() / filled.sum()),
    }


def calibration(problem_type, labels, rows, sharpness, seed):
    """Logits that are `sharpness` times as large as those by which the labels were drawn."""
    random = numpy.random.default_rng(seed)
    logits = random.normal(0, 1.5, (rows, labels))
    if problem_type == "single_label_classification":
        targets = numpy.array([random.choice(labels, p=softmax(row)) for row in logits])
        expected = targets[:, None]
    else:
        targets = expected = (random.random((rows, labels)) < expit(logits)).astype(int)
    logits = (logits * sharpness).round(6)

    def loss(inverse):
        scaled = logits * inverse
        if problem_type == "single_label_classification":
            return -log_softmax(scaled, axis=1)[numpy.arange(rows), targets].mean()
        return (numpy.logaddexp(0, scaled) - targets * scaled).mean()

    inverse = minimize_scalar(loss, bounds=(1e-2, 1e2), method="bounded", options={"xatol": 1e-12}).x

    def table(scaled):
        if problem_type == "single_label_classification":
            probabilities = softmax(scaled, axis=1)
            return reliability(probabilities.argmax(1) == targets, probabilities.max(1))
        return reliability(targets.ravel(), expit(scaled).ravel())

    return {
        "problemType": problem_type,
        "logits": logits.tolist(),
        "targets": expected.tolist(),
        "temperature": 1 / inverse,
        "lossBefore": loss(1.0),
        "lossAfter": loss(inverse),
        "before": table(logits),
        "after": table(logits * inverse),
    }


def write(name, cases):
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text(json.dumps({"versions": VERSIONS, "cases": cases}) + "\n")


write("regressions.json", [
    single_label(2, 60, 5, 0.5, 1), single_label(2, 40, 11, 20.0, 2), single_label(4, 80, 6, 1.0, 3),
    single_label(3, 50, 9, 0.01, 4), single_label(2, 60, 5, 0.5, 5, "balanced"),
    single_label(3, 70, 6, 2.0, 6, "balanced"), single_label(3, 70, 6, 2.0, 7, [0.5, 2, 1.25]),
    multi_label(4, 60, 6, 1.0, 8), multi_label(2, 50, 9, 30.0, 9),
    regression(50, 6, 1.0, 1, 0, 10), regression(60, 9, 0.02, 1e-2, 0.5, 11), regression(40, 5, 100.0, 1e4, -3e4, 12),
])
write("calibration.json", [
    calibration("single_label_classification", 2, 120, 2.5, 1),
    calibration("single_label_classification", 5, 150, 0.6, 2),
    calibration("multi_label_classification", 3, 80, 3.0, 3),
])
