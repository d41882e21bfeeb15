// FMAX, FMIN, FMAXNM, FMINNM: zeroes have an order, NaNs do not win in NM.
// in: d1=0.0 d2=-0.0
// out: d3=0.0 d4=-0.0 d5=0.0 d6=-0.0
// in: d1=-0.0 d2=0.0
// out: d3=0.0 d4=-0.0 d5=0.0 d6=-0.0
// in: d1=nan d2=1.0
// out: d3=nan d4=nan d5=1.0 d6=1.0
// in: d1=1.0 d2=0x7ff0000000000001
// out: d3=0x7ff8000000000001 d4=0x7ff8000000000001 d5=0x7ff8000000000001
//     d6=0x7ff8000000000001 fpsr=ioc
// in: d1=-inf d2=5.0
// out: d3=5.0 d4=-inf d5=5.0 d6=-inf
    fmax d3, d1, d2
    fmin d4, d1, d2
    fmaxnm d5, d1, d2
    fminnm d6, d1, d2
