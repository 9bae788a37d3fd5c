// HEDDLE_CLONES before a function compiles it for several instruction sets; the best one that the processor
// has is picked at start-up.
#pragma once

// The sanitizers are not ready yet when the loader picks a clone, so sanitized builds have one version only.
#if defined(__x86_64__) && defined(__ELF__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define HEDDLE_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define HEDDLE_CLONES
#endif
