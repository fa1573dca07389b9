// The page's entry: the bar on top, and below it the list with its trace, the routes or the map.
import { effect } from '@preact/signals';
import { render } from 'preact';
import { takeToken } from './api.ts';
import { Header } from './header.tsx';
import { isHelpOpen } from './help-state.ts';
import { Help } from './help.tsx';
import { listenToKeys } from './keys.ts';
import { Routes } from './routes.tsx';
import { Services } from './services.tsx';
import { place } from './place.ts';
import { isConnected, isSaved, model, needsToken, start, view } from './state.ts';
import { Strip } from './strip.tsx';
import { TraceList } from './trace-list.tsx';
import { TraceView } from './trace-view.tsx';
import './styles/palette.css';
import './styles/base.css';
import './styles/header.css';
import './styles/strip.css';
import './styles/list.css';
import './styles/trace.css';
import './styles/waterfall.css';
import './styles/details.css';
import './styles/routes.css';
import './styles/map.css';
import './styles/help.css';

function App() {
  if (isSaved) return <Saved />;
  if (needsToken.value) return <Locked />;
  const { page, trace } = view.value;
  return (
    <>
      <Header />
      {!isConnected.value && (
        <p class="notice" role="alert">
          The viewer does not answer. This page goes on when it is back; a viewer that was started anew has another
          link.
        </p>
      )}
      <main class={page === 'traces' && trace !== undefined ? 'split' : ''}>
        {page === 'traces' && (
          <div class="side">
            <Strip />
            <TraceList />
          </div>
        )}
        {page === 'traces' && trace !== undefined && <TraceView />}
        {page === 'routes' && <Routes />}
        {page === 'services' && <Services />}
      </main>
      {isHelpOpen.value && <Help />}
    </>
  );
}

function Saved() {
  if (model.value === undefined) return <p class="notice">There is no trace in this page.</p>;
  return (
    <>
      <main class="saved">
        <TraceView />
      </main>
      {isHelpOpen.value && <Help />}
    </>
  );
}

function Locked() {
  return (
    <div class="empty">
      <h1>This page needs its link</h1>
      <p>
        Open the link that <code>tracing view</code> printed: the end of it is the key to your traces.
      </p>
    </div>
  );
}

/** What a tab, and the history, show. */
effect(() => {
  const { page } = place.value;
  const name = model.value?.detail.trace.name;
  document.title = name === undefined ? page.replace(/^./, (letter) => letter.toUpperCase()) : `${name} · Traces`;
});
takeToken();
start();
listenToKeys();
const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
