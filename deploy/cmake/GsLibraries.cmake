# Every library from outside, by its pkg-config name; deploy/docs/architecture.md says why each is here.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka>=2.0.2)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8>=10.42)
# Debian ships utf8proc 2.8 with a .pc file that says 2.6.0.
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc>=2.6)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.14)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1>=0.2.5)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.75)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash>=0.8)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.88)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)

# Several builds of OpenBLAS share one name and the machine's administrator chooses among them, so it is looked up anew
# each time. A serial build gives wrong products when several threads call it, one on OpenMP cannot be held to one
# thread (classifier/encoder/blas.h): both are refused here, and again by the program when it starts.
unset(__pkg_config_checked_OPENBLAS CACHE)
unset(pkgcfg_lib_OPENBLAS_openblas CACHE)
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas>=0.3.21)
if(NOT CMAKE_CROSSCOMPILING AND NOT GS_BLAS_IS_SAFE STREQUAL OPENBLAS_LINK_LIBRARIES)
  file(WRITE ${CMAKE_BINARY_DIR}/CMakeFiles/blas.c
    "#include <cblas.h>\nint main(void) { return openblas_get_parallel() == OPENBLAS_THREAD ? 0 : 1; }\n")
  try_run(gs_blas_answer gs_blas_built ${CMAKE_BINARY_DIR}/CMakeFiles/blas ${CMAKE_BINARY_DIR}/CMakeFiles/blas.c
    LINK_LIBRARIES PkgConfig::OPENBLAS)
  if(NOT gs_blas_built OR NOT gs_blas_answer EQUAL 0)
    unset(gs_blas_answer CACHE)
    message(FATAL_ERROR "${OPENBLAS_LINK_LIBRARIES} is not OpenBLAS on POSIX threads, the only build that several "
      "threads may call: install libopenblas-pthread-dev, or choose it with update-alternatives.")
  endif()
  set(GS_BLAS_IS_SAFE "${OPENBLAS_LINK_LIBRARIES}" CACHE INTERNAL "This OpenBLAS was seen to be safe")
  unset(gs_blas_answer CACHE)
endif()
