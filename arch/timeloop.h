// One layer, one accelerator and one mapping as Timeloop 0.4 reads them, to compare the two tools.
// docs/interoperation.md says what becomes what, and what Timeloop cannot express.
#pragma once

#include <string>

#include "arch/legality.h"

namespace heddle::arch {

/// The layer's `problem`: a convolution (N, M, C, P, Q, R, S, and G when there are groups) or a matrix
/// product (N, M, C, and G). Sizes of the input and its padding stand beside the loop bounds for who reads
/// the file back; Timeloop does not read them.
std::string to_timeloop_problem(const LayerProblem& problem);

/// The accelerator's `architecture`: its memory levels, the PEs, their registers, the lanes. Word widths and
/// the positions that n:m lanes cover are those of the layer.
std::string to_timeloop_architecture(const Accelerator& accelerator, const LayerProblem& problem);

/// The `mapping`: a temporal and a dataspace directive for every storage level, a spatial one for the PEs and
/// the lanes; permutations innermost first. Factors are exact: one that does not divide has its remainder
/// ("M=5,3"). The mapping must be legal. Throws InputError when a level runs two loops over one dimension
/// with another loop between them, which Timeloop has no way to say.
std::string to_timeloop_mapping(const LayerMapping& mapping, const LayerProblem& problem,
                                const Accelerator& accelerator);

}  // namespace heddle::arch
