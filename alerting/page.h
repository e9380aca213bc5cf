/* The status page: what a person without Grafana sees. Plain files, served as they are. */
#ifndef GS_ALERTING_PAGE_H
#define GS_ALERTING_PAGE_H

extern const char gs_page_html[];
extern const char gs_page_css[];
extern const char gs_page_js[];

#endif
