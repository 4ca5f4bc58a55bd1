import "./app/mantine";
import { createTheme, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { Door } from "./app/door";
import { SessionGate } from "./app/session";
import { theme } from "./app/theme";
import { locale } from "./domain/i18n";
import { Notices } from "./ui/undo";

// Apart, so that the sign-in page is small; it is on its way while somebody types.
const load = () => import("./app/app");
const App = lazy(load);
void load();
// Where a new colleague chooses a password.
const Welcome = lazy(() => import("./app/welcome"));

document.documentElement.lang = locale;

const temporary = (error: unknown) => error instanceof ApiError && (error.status === 0 || error.status === 503);
const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 15_000, retry: (count, error) => temporary(error) && count < 2, refetchOnWindowFocus: true },
  },
});

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <MantineProvider
      theme={createTheme(theme)}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        {location.pathname === "/welcome" ? (
          <Suspense>
            <Welcome />
          </Suspense>
        ) : (
          <SessionGate door={(props) => <Door {...props} />}>
            <Suspense>
              <App />
            </Suspense>
          </SessionGate>
        )}
        <Notices />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
