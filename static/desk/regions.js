/* Each of Unfold's scroll containers is a region by the name “scrollable content”.
   Runs before they are made: the one of the sidebar says what it is. */
"use strict";
{
    const apps = document.getElementById("nav-sidebar-apps");
    if (apps) apps.dataset.simplebarAriaLabel = document.currentScript.dataset.navigation;
}
