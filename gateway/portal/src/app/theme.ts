import type { MantineThemeOverride } from "@mantine/core";

/** What Mantine's own variables are made from. Everything else lives in ui/tokens.css. */
export const theme: MantineThemeOverride = {
  primaryColor: "brand",
  primaryShade: { light: 7, dark: 7 },
  colors: {
    brand: [
      "#eef3ff",
      "#dce6ff",
      "#b9ccff",
      "#8facff",
      "#6b91fb",
      "#4c78f0",
      "#2f61e4",
      "#1d4ed8",
      "#1941b5",
      "#173689",
    ],
  },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontSizes: { xs: "11.5px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  defaultRadius: "8px",
  cursorType: "pointer",
};
