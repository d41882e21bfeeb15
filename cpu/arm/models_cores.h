/* The rows of models_cores.c, for models.c. */
#ifndef CPU_ARM_MODELS_CORES_H
#define CPU_ARM_MODELS_CORES_H

#include "cpu/arm/models.h"

/* ORDER arm_cores */
enum { CORE_A35, CORE_A55, CORE_A76, CORE_A710, CORE_A64FX, CORE_N1, CORE_N2,
       CORE_V1 };

extern const struct arm_model arm_cores[];

#endif
