# cmake -D NPM=... -D WEB=... -D FOLDER=... -P: installs exactly what web/package-lock.json names into FOLDER, runs no
# script of any package, and leaves the file FOLDER/installed.
file(COPY ${WEB}/package.json ${WEB}/package-lock.json DESTINATION ${FOLDER})
execute_process(
  COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
  WORKING_DIRECTORY ${FOLDER}
  RESULT_VARIABLE status
  OUTPUT_VARIABLE said
  ERROR_VARIABLE said)
if(NOT status EQUAL 0)
  message("${said}")
  message(FATAL_ERROR "npm could not install the report's plotting libraries (above: why). A first build needs the npm "
                      "registry, or an npm cache that holds what app/html/web/package-lock.json names.")
endif()
file(TOUCH ${FOLDER}/installed)
