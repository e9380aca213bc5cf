/* The status page: what a person without Grafana sees. status_page.html, .css, .js and .svg are real
 * files, embedded when the program is built (deploy/cmake/GsEmbed.cmake) and served as they are.
 *
 * The page reads /api/v1/status (http.h says what is in it) every five seconds. What comes from a
 * message is set as text, never as HTML; links are followed only to http and https; and the content
 * security policy that http.c sends allows no style and no script but these files. */
#ifndef GS_ALERTING_STATUS_PAGE_H
#define GS_ALERTING_STATUS_PAGE_H

#include "ingest/base/str.h"

extern const struct gs_str gs_status_page_html;
extern const struct gs_str gs_status_page_css;
extern const struct gs_str gs_status_page_js;
extern const struct gs_str gs_status_page_svg;

#endif
