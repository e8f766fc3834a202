#!/usr/bin/env python3
"""Writes Tests/Fixtures/training/logistic.json: small data sets with the coefficients and the accuracies that
scikit-learn gives for them. Needs scikit-learn and numpy."""

import json
import pathlib

import numpy
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

FOLDER = pathlib.Path(__file__).parent.parent / "Tests/Fixtures/training"


def case(classes, rows, columns, inverse_penalty, seed):
    random = numpy.random.default_rng(seed)
    labels = random.integers(0, classes, rows)
    centres = random.normal(0, 0.7, (classes, columns))
    features = (centres[labels] + random.normal(0, 1, (rows, columns))).astype(numpy.float32).astype(float).round(4)
    model = LogisticRegression(C=inverse_penalty, tol=1e-12, max_iter=100_000).fit(features, labels)
    predicted = model.predict(features)
    return {
        "classes": classes,
        "inversePenalty": inverse_penalty,
        "features": features.tolist(),
        "labels": labels.tolist(),
        "coef": model.coef_.tolist(),
        "intercept": model.intercept_.tolist(),
        "predicted": predicted.tolist(),
        "accuracy": accuracy_score(labels, predicted),
        "macroF1": f1_score(labels, predicted, average="macro"),
    }


cases = [case(2, 60, 5, 0.5, 1), case(2, 40, 11, 20.0, 2), case(4, 80, 6, 1.0, 3), case(3, 50, 9, 0.01, 4)]
FOLDER.mkdir(parents=True, exist_ok=True)
text = json.dumps({"versions": {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__}, "cases": cases})
(FOLDER / "logistic.json").write_text(text + "\n")
