// Runs before everything else, as a classic script in plain ES5, so that an
// old browser can still say what it lacks. It
//   1. refuses to run inside a frame (a <meta> policy cannot carry frame-ancestors),
//   2. checks what the page needs and says it in plain words instead of a blank page,
//   3. owns the page's one Trusted Types policy: `tabchainWorkerUrl("engine")`
//      is the only way to a script address.
(function () {
  "use strict";

  var WORKERS = ["engine", "miner"];
  // No address at all: the Worker constructor rejects it before any request,
  // but only after it has read its options. That tells whether it knows modules.
  var NO_ADDRESS = "https://[";

  function meta(name) {
    var found = document.querySelector('meta[name="' + name + '"]');
    return found ? found.getAttribute("content") : "";
  }

  var build = meta("tabchain-build");

  function workerAddress(name) {
    return new URL("./" + name + "_loader.js?b=" + build, document.baseURI).href;
  }

  function isAllowed(address) {
    if (address === NO_ADDRESS) return true;
    for (var i = 0; i < WORKERS.length; i++) {
      if (address === workerAddress(WORKERS[i])) return true;
    }
    return false;
  }

  var policy = {
    createScriptURL: function (address) {
      if (isAllowed(address)) return address;
      throw new TypeError("not a script of Tabchain: " + address);
    }
  };
  if (window.trustedTypes && window.trustedTypes.createPolicy) {
    policy = window.trustedTypes.createPolicy("tabchain", policy);
  }

  // --- what is missing, as [English, Chinese], or null ---------------------

  function knowsModuleWorkers() {
    var read = false;
    try {
      new Worker(policy.createScriptURL(NO_ADDRESS), {
        get type() { read = true; return "module"; }
      });
    } catch (expected) { /* there is no such address */ }
    return read;
  }

  function knowsSimd() {
    // A function that returns i8x16.popcnt(i8x16.splat(0)).
    return typeof WebAssembly === "object" && WebAssembly.validate(new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,
      10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11
    ]));
  }

  function missing() {
    if (location.protocol === "file:") {
      return ["This page must be served, not opened as a file. Run “cargo xtask serve”, or put the folder on any web server.",
        "此页面需要通过网络服务器打开，不能直接作为文件打开。请运行 “cargo xtask serve”，或将该文件夹放到任意网络服务器上。"];
    }
    if (window.isSecureContext === false) {
      return ["Browsers give this page what it needs only over https:// or from localhost. Please open it that way.",
        "浏览器只在 https:// 或 localhost 下提供本页面所需的功能。请以这种方式打开。"];
    }
    var parts = [];
    if (!knowsSimd()) parts.push("WebAssembly SIMD");
    if (typeof Worker !== "function" || !knowsModuleWorkers()) parts.push("module workers");
    if (typeof BroadcastChannel !== "function") parts.push("BroadcastChannel");
    if (!navigator.locks) parts.push("Web Locks");
    if (!parts.length) return null;
    var list = parts.join(", ");
    return ["Your browser is too old for Tabchain. It lacks: " + list + ". Any current Chrome, Edge, Firefox or Safari will do.",
      "您的浏览器版本过旧，无法运行 Tabchain。缺少：" + list + "。请使用最新版的 Chrome、Edge、Firefox 或 Safari。"];
  }

  // --- a plain message instead of a blank page ------------------------------

  function line(parent, tag, text, lang) {
    var element = document.createElement(tag);
    element.textContent = text;
    if (lang) element.lang = lang;
    parent.appendChild(element);
    return element;
  }

  function say(texts, link) {
    var box = document.createElement("main");
    box.id = "boot-message";
    box.setAttribute("role", "alert");
    box.style.cssText = "max-width:40rem;margin:4rem auto;padding:0 1rem;font:1rem/1.6 system-ui,sans-serif";
    line(box, "h1", "Tabchain");
    line(box, "p", texts[0], "en");
    line(box, "p", texts[1], "zh-CN");
    if (link) {
      var anchor = line(box, "a", link);
      anchor.href = link;
      anchor.target = "_blank";
      anchor.rel = "noopener";
    }
    function show() { document.body.appendChild(box); }
    if (document.body) show(); else document.addEventListener("DOMContentLoaded", show);
  }

  function halt(texts, link) {
    window.tabchainHalted = true; // the start script in index.html asks
    say(texts, link);
  }

  if (window.top !== window.self) {
    halt(["Tabchain does not run inside another page, so that nobody can make you press its buttons unseen. Open it in a tab of its own:",
      "为防止他人诱导您点击按钮，Tabchain 不会在其他网页中运行。请在单独的标签页中打开："], location.href);
    return;
  }
  var lack = missing();
  if (lack) {
    halt(lack);
    return;
  }

  // --- the program itself could not start -----------------------------------

  var failed = false;
  function couldNotStart(event) {
    if (failed || window.tabchainStarted) return;
    failed = true;
    var cause = event.reason || event.error || event.message || "a file could not be loaded";
    say(["Tabchain could not start: " + cause + ". Reload the page; if that does not help, the copy on this server is incomplete.",
      "Tabchain 无法启动：" + cause + "。请重新加载页面；如果仍然无效，说明此服务器上的文件不完整。"]);
  }
  window.addEventListener("error", couldNotStart, true); // also files that fail to load
  window.addEventListener("unhandledrejection", couldNotStart);
  window.addEventListener("tabchain-started", function () { window.tabchainStarted = true; });

  // --- for the page ----------------------------------------------------------

  // Which build this page is; a worker says its own, and a mismatch asks to reload.
  window.tabchainBuild = build;
  // A TrustedScriptURL where the browser has them, else a string.
  window.tabchainWorkerUrl = function (name) {
    return policy.createScriptURL(workerAddress(name));
  };
})();
