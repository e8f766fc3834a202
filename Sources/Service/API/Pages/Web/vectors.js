// Mathematics of vectors: similarities and principal components.

/** The inner product of two vectors. */
function inner(one, other) {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1) sum += one[index] * other[index];
  return sum;
}

/** The cosine of the angle between each two vectors. */
function cosines(vectors) {
  const lengths = vectors.map((vector) => Math.sqrt(inner(vector, vector)) || 1);
  const all = vectors.map(() => new Float64Array(vectors.length));
  vectors.forEach((one, row) => {
    for (let column = row; column < vectors.length; column += 1) {
      const cosine = row === column ? 1 : inner(one, vectors[column]) / lengths[row] / lengths[column];
      all[row][column] = cosine;
      all[column][row] = cosine;
    }
  });
  return all;
}

/** The inner products of the vectors minus their mean: the matrix that classical scaling decomposes. */
function centred(vectors) {
  const count = vectors.length;
  const sum = (index) => vectors.reduce((total, vector) => total + vector[index], 0);
  const mean = vectors[0].map((_, index) => sum(index) / count);
  const rests = vectors.map((vector) => vector.map((value, index) => value - mean[index]));
  return rests.map((one) => rests.map((other) => inner(one, other)));
}

/** Steps of the power iteration. A plot needs two or three digits. */
const iterations = 120;

/**
 * The vectors' two first principal components, from the eigenvectors of their centred inner products: a coordinate is
 * an eigenvector's element times the root of its eigenvalue.
 * @returns points [x, y], and the fraction of the variance that each axis shows.
 */
function components(vectors) {
  const matrix = centred(vectors);
  const total = matrix.reduce((sum, row, index) => sum + row[index], 0) || 1;
  const axes = [];
  for (let axis = 0; axis < 2; axis += 1) {
    let vector = matrix.map((_, index) => Math.sin(1 + index * (axis + 1) * 1.7));
    let value = 0;
    for (let step = 0; step < iterations; step += 1) {
      const next = matrix.map((row) => inner(row, vector));
      for (const found of axes) {
        const part = inner(next, found.vector);
        next.forEach((_, index) => { next[index] -= part * found.vector[index]; });
      }
      value = Math.sqrt(inner(next, next));
      if (value < 1e-12) break;
      vector = next.map((element) => element / value);
    }
    // The sign is free: the first text stands on the left, or below.
    const sign = vector[0] > 0 ? -1 : 1;
    axes.push({ value: value < 1e-12 ? 0 : value, vector: vector.map((element) => element * sign) });
  }
  const points = vectors.map((_, index) => axes.map((axis) => axis.vector[index] * Math.sqrt(axis.value)));
  return { points, shares: axes.map((axis) => axis.value / total) };
}

/** The other vectors' places, most similar first. */
const nearest = (similarities, place) => [...similarities[place].keys()]
  .filter((other) => other !== place)
  .sort((one, other) => similarities[place][other] - similarities[place][one]);

/** The cells of a CSV file (RFC 4180): quotation marks may enclose commas, line breaks and doubled quotation marks. */
function csvRows(text) {
  const rows = [[]];
  let cell = "";
  let isQuoted = false;
  const close = () => { rows.at(-1).push(cell); cell = ""; };
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index];
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text[index + 1] === '"') { cell += '"'; index += 1; } else isQuoted = false;
    } else if (letter === '"' && cell === "") isQuoted = true;
    else if (letter === ",") close();
    else if (letter === "\n") { close(); rows.push([]); } else if (letter !== "\r") cell += letter;
  }
  close();
  return rows.filter((row) => row.some((value) => value.trim()));
}

/** The texts of a CSV file: the column with the longest cells. With several columns the first row is their names. */
function csvTexts(text) {
  const rows = csvRows(text);
  const width = Math.max(0, ...rows.map((row) => row.length));
  const content = width > 1 ? rows.slice(1) : rows;
  const size = (column) => content.reduce((sum, row) => sum + (row[column] ?? "").length, 0);
  const sizes = Array.from({ length: width }, (_, column) => size(column));
  const column = sizes.indexOf(Math.max(...sizes));
  return content.map((row) => (row[column] ?? "").replace(/\s+/g, " ").trim()).filter((value) => value);
}
