/// The objects that one pickle made.
struct PickleObjects {
    var tuples: [[PickleValue]] = []
    var lists: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [TorchStorage] = []
    var tensors: [TorchTensor] = []
}
