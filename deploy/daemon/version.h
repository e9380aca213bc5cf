/* The version, "MAJOR.MINOR.PATCH". CMake sets it from project(VERSION). */
#ifndef GS_DEPLOY_VERSION_H
#define GS_DEPLOY_VERSION_H

#ifndef GS_VERSION
#define GS_VERSION "0.0.0"
#endif

#endif
