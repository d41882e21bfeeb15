// FCADD and FCMLA: complex numbers, each rotation.
// in: v1.4s={1.0,2.0,3.0,4.0} v2.4s={5.0,6.0,7.0,8.0} q5=0 q6=0
// out: v3.4s={-5.0,7.0,-5.0,11.0} v4.4s={7.0,-3.0,11.0,-3.0}
//     v5.4s={-7.0,16.0,-11.0,52.0} v6.4s={7.0,-16.0,11.0,-52.0}
    fcadd v3.4s, v1.4s, v2.4s, #90
    fcadd v4.4s, v1.4s, v2.4s, #270
    fcmla v5.4s, v1.4s, v2.4s, #0
    fcmla v5.4s, v1.4s, v2.4s, #90
    fcmla v6.4s, v1.4s, v2.4s, #180
    fcmla v6.4s, v1.4s, v2.4s, #270
