# gs_embed(TARGET OUT.c HEADER PREFIX FILE...): files that are part of the program.
#
# Each FILE becomes a "const struct gs_str PREFIX_<extension>" in OUT.c, which HEADER declares: x.css
# is PREFIX_css. The bytes are the file's, all of them and nothing behind. A changed file is embedded
# again at the next build. This is also the script that writes OUT.c:
#
#     cmake -DOUT=... -DHEADER=... -DPREFIX=... -DFILES=a,b -P GsEmbed.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "/* Made by GsEmbed.cmake from ${FILES}. */\n#include \"${HEADER}\"\n")
  string(REPLACE "," ";" FILES "${FILES}")
  foreach(file IN LISTS FILES)
    get_filename_component(kind ${file} LAST_EXT)
    string(SUBSTRING ${kind} 1 -1 kind)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND text "static const char ${kind}[] = {${bytes}};\n"
      "const struct gs_str ${PREFIX}_${kind} = {${kind}, sizeof ${kind}};\n")
  endforeach()
  file(WRITE ${OUT} "${text}")
  return()
endif()

set(GS_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(gs_embed target out header prefix)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${out})
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
  string(REPLACE ";" "," joined "${paths}")
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DHEADER=${header} -DPREFIX=${prefix} -DFILES=${joined}
      -P ${GS_EMBED_SCRIPT}
    DEPENDS ${paths} ${GS_EMBED_SCRIPT}
    COMMENT "Embedding ${ARGN}"
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
