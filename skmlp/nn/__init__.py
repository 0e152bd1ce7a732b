"""The backpropagation core: rules with hyper-parameters, to hand to the estimators as instances.

Each family has a registry whose keys the estimators accept as strings.
"""

from .activation import Activation
from .activation_layers import ACTIVATION_LAYERS, Maxout, Prelu
from .activations import (
    ACTIVATIONS,
    Elu,
    Gelu,
    HardThreshold,
    Identity,
    LeakyRelu,
    Logistic,
    Mish,
    Relu,
    Selu,
    ShiftedRelu,
    Silu,
    Softplus,
    Tanh,
)
from .autodiff import Dual, value_and_gradient
from .batch_norm import BatchNorm, FixedNorm
from .code_penalties import CODE_PENALTIES, Contractive, KlSparsity, L1Sparsity
from .column_losses import ColumnLosses
from .corruption import CORRUPTIONS, Corruption, GaussianCorruption, Masking, SaltAndPepper
from .custom import Function, FunctionLoss, LossOfUnits
from .dropout import AlphaDropout, Dropout
from .embedding import Embedding
from .initializers import (
    INITIALIZERS,
    ConstantValue,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Initializer,
    LecunNormal,
    LecunUniform,
    Normal,
    Orthogonal,
    Uniform,
    Zeros,
)
from .joins import JOINS, Add, Concat, Join
from .layer import Layer
from .layers import LAYERS, Activate, Dense
from .losses import (
    LOSSES,
    AbsoluteError,
    BinaryFocal,
    BinaryLogLoss,
    Focal,
    Gamma,
    GaussianNll,
    Hinge,
    Huber,
    LogCosh,
    LogLoss,
    Loss,
    Perceptron,
    Poisson,
    Quantile,
    SquaredError,
    SquaredHinge,
    Tweedie,
)
from .network import Network
from .optimizer import Optimizer
from .optimizers import OPTIMIZERS, Adadelta, Adagrad, Adam, AdamW, AMSGrad, Lion, Nadam, RMSProp, Sgd
from .schedule import Schedule
from .schedules import (
    SCHEDULES,
    Adaptive,
    Constant,
    Cosine,
    CosineRestarts,
    Exponential,
    Invscaling,
    Linear,
    OneCycle,
    Plateau,
    Step,
)
from .term import Term
from .terms import TERMS, Head
from .tied import TiedDense
from .variational import Means, Variational
