/* The exit codes of the program: part of the command line's contract, deploy/docs/cli.md. */
#ifndef GS_DEPLOY_EXIT_CODE_H
#define GS_DEPLOY_EXIT_CODE_H

enum gs_exit {
    GS_EXIT_OK = 0,
    GS_EXIT_FINDINGS = 1, /* check found something, a gate failed, some lines were refused */
    GS_EXIT_USAGE = 2,
    GS_EXIT_FAILURE = 3 /* at run time */
};

#endif
