# What the compiler and the linker can do against faults that we have not found, as part of gs::strict: for the
# program, the tests and the benchmarks alike, so that what is measured is what is shipped. tests/tools/check_elf.sh
# reads the program that is built and fails when one of them is missing.
option(GS_HARDEN "Stack protector, FORTIFY, CET, RELRO, PIE, variables that start as zero" ON)
if(NOT GS_HARDEN)
  function(gs_hot_sources)
  endfunction()
  return()
endif()

include(CheckCCompilerFlag)

# Adds a flag where the compiler has it: clang 14 lacks some that gcc 12 knows.
function(gs_harden_flag name flag)
  check_c_compiler_flag(${flag} GS_HAS_${name})
  if(GS_HAS_${name})
    target_compile_options(gs_strict INTERFACE ${flag})
  endif()
endfunction()

# A written-over return address ends the process before it is used.
gs_harden_flag(STACK_PROTECTOR -fstack-protector-strong)
# Indirect jumps land only where a function or a case begins (on CPUs with CET).
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  gs_harden_flag(CF_PROTECTION -fcf-protection=full)
endif()
# The program lies at another address each time, its stack is never run, and its table of imported functions is
# filled at the start and read-only from then on.
target_compile_options(gs_strict INTERFACE -fPIE)
target_link_options(gs_strict INTERFACE -pie LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)

# The sanitizers look for the same faults and see more of them without these two.
if(NOT GS_SANITIZE)
  # Copies and prints into buffers of known size are checked; takes the optimiser.
  target_compile_options(gs_strict INTERFACE
    $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE$<SEMICOLON>-D_FORTIFY_SOURCE=3>)
  # A variable that is read before it is written is 0, not what was there before.
  gs_harden_flag(AUTO_VAR_INIT -ftrivial-auto-var-init=zero)
endif()

# gs_hot_sources(file...): sources in which a check at the end of each function that hands out the address of a local
# number costs over 3 % of a case's instructions (tests/bench/instructions.sh). There, only functions with an array on
# the stack are checked. The counts stand beside each call.
function(gs_hot_sources)
  if(GS_HAS_STACK_PROTECTOR)
    set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS -fstack-protector)
  endif()
endfunction()
