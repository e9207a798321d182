// Answers on their way from this browser to the server.
(function () {
  "use strict";
})();
