package import LinearAlgebra

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// AdamW (Loshchilov and Hutter, arXiv 1711.05101) with PyTorch's defaults. With g the clipped gradient and t the
/// number of the step, from 1 on:
///
///     w = w (1 - learning rate * weight decay)
///     m = beta1 m + (1 - beta1) g                 v = beta2 v + (1 - beta2) g^2
///     w = w - learning rate * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
package struct AdamW: Sendable, Equatable {
    /// The decay of the mean of gradients.
    package var beta1 = 0.9
    /// The decay of the mean of their squares.
    package var beta2 = 0.999
    /// Added to the root of that mean.
    package var epsilon = 1e-8
    /// Weight decay, not for norms and biases.
    package var weightDecay = 0.0
    /// The largest norm of all gradients together; longer ones are scaled down. 0 for no limit.
    package var maxGradientNorm = 1.0

    /// PyTorch's defaults, and clipping as transformers' Trainer has it.
    package init() {}

    /// The factor of clipping for gradients of this norm, as `torch.nn.utils.clip_grad_norm_`.
    package func clipping(norm: Double) -> Double {
        maxGradientNorm > 0 ? min(1, maxGradientNorm / (norm + 1e-6)) : 1
    }

    /// The numbers of a step.
    ///
    /// - Parameter step: its number, from 1 on.
    package func step(_ step: Int, learningRate: Double, decays: Bool, gradientScale: Double) -> AdamWStep {
        AdamWStep(
            stepSize: Float(learningRate / (1 - pow(beta1, Double(step)))),
            decay: Float(1 - (decays ? learningRate * weightDecay : 0)),
            beta1: Float(beta1),
            beta2: Float(beta2),
            epsilon: Float(epsilon),
            secondCorrection: Float(1 / (1 - pow(beta2, Double(step))).squareRoot()),
            gradientScale: Float(gradientScale)
        )
    }
}
