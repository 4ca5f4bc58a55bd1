import type { ReactNode } from "react";

/** 24-unit line icons; they say nothing to screen readers, the control around them does. */
function icon(path: ReactNode) {
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {path}
      </svg>
    );
  };
}

export const Calendar = icon(<path d="M5 6h14v14H5zM5 10.5h14M9 3.5v4M15 3.5v4" />);
export const ListCheck = icon(<path d="M4 6.5 5.5 8 8 5M4 13l1.5 1.500L8 11.500M11 7h9M11 13.500h9M4 19h16" />);
export const Search = icon(<path d="M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20 20" />);
export const Building = icon(<path d="M4 20h16M6 20V4h12v16M10 8h1M13 8h1M10 12h1M13 12h1M10 20v-4h4v4" />);
export const Down = icon(<path d="m6 9 6 6 6-6" />);
export const Left = icon(<path d="m14.5 6-6 6 6 6" />);
export const Right = icon(<path d="m9.5 6 6 6-6 6" />);
export const Moon = icon(<path d="M20 14.500A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.500Z" />);
export const Sun = icon(
  <path d="M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M5.3 18.700l1.4-1.400M17.3 6.700l1.4-1.4" />,
);
export const Plus = icon(<path d="M12 5v14M5 12h14" />);
export const Printer = icon(<path d="M7 9V4h10v5M7 17H4v-7h16v7h-3M7 14h10v6H7z" />);
export const Move = icon(
  <path d="M12 3v18M3 12h18M9.5 5.5 12 3l2.5 2.500M9.5 18.5 12 21l2.5-2.500M5.5 9.5 3 12l2.5 2.500M18.5 9.5 21 12l-2.5 2.5" />,
);
export const Back = icon(<path d="M9 6 5 10l4 4M5 10h9a5 5 0 0 1 0 10h-4" />);
export const Hourglass = icon(<path d="M7 4h10M7 20h10M8 4c0 4 4 5 4 8s-4 4-4 8M16 4c0 4-4 5-4 8s4 4 4 8" />);
export const Funnel = icon(<path d="M3.5 5h17l-6.500 7.500V19l-4 2v-8.500z" />);
export const Close = icon(<path d="m6 6 12 12M18 6 6 18" />);
export const Check = icon(<path d="m5 12.5 4.5 4.500L19 7.5" />);
export const Clock = icon(<path d="M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.500V12l3 2" />);
export const Alert = icon(<path d="M12 4 2.5 20h19zM12 10v4.500M12 17.300v.1" />);
export const Door = icon(<path d="M14 8V5H5v14h9v-3M9.5 12H20M17 9l3 3-3 3" />);
export const Lock = icon(<path d="M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3" />);
export const Person = icon(<path d="M12 11.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.500a7.5 7.5 0 0 1 15 0" />);
export const Wand = icon(<path d="m5 19 10-10 1.5 1.5-10 10zM15 4v2M19 8h2M18.5 4.5 17 6M19 12l1.5 1" />);
export const Eye = icon(
  <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 14.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z" />,
);

export const More = icon(<path strokeWidth="3" d="M5.500 12h.01M12 12h.01M18.500 12h.01" />);
export const Keyboard = icon(<path d="M3 6.500h18v11H3zM6.500 10h.1M10.200 10h.1M13.800 10h.1M17.500 10h.1M8 14h8" />);
export const Globe = icon(
  <path d="M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM3.800 12h16.400M12 3.500c-5 5-5 12 0 17 5-5 5-12 0-17Z" />,
);
export const Phone = icon(
  <path d="M6.5 4h3l1.500 4-2 1.500a11 11 0 0 0 5.500 5.500l1.500-2 4 1.500v3a2 2 0 0 1-2 2A15.500 15.500 0 0 1 4.500 6a2 2 0 0 1 2-2Z" />,
);
export const People = icon(
  <path d="M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.5 20a6.500 6.500 0 0 1 13 0M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.500a6.500 6.500 0 0 1 3.500 5.500" />,
);

export const Pencil = icon(<path d="M5 19h3.500L19.500 8 16 4.500 5 15.500zM13.500 7l3.500 3.500" />);
export const Coin = icon(
  <path d="M12 20.500a8.500 8.500 0 1 0 0-17 8.500 8.500 0 0 0 0 17ZM14.500 9.500c-.4-1-1.400-1.500-2.500-1.500-1.500 0-2.500.8-2.500 2s1 1.700 2.500 2 2.500.8 2.500 2-1 2-2.500 2c-1.200 0-2.200-.6-2.600-1.600M12 6.500V8M12 16v1.500" />,
);
export const Heart = icon(
  <path d="M12 20S4 15 4 9.200A4.200 4.200 0 0 1 12 7.500a4.200 4.200 0 0 1 8 1.700C20 15 12 20 12 20Z" />,
);
export const Shield = icon(<path d="M12 3.500 19 6v6c0 4-3 7-7 8.500C8 19 5 16 5 12V6zM9 12l2 2 4-4" />);
export const Chat = icon(<path d="M4 5h16v11H11l-4.500 3.500V16H4z" />);
export const Paper = icon(<path d="M6 3.500h8l4 4v13H6zM14 3.500v4h4M9 12h6M9 15.500h6" />);
export const Camera = icon(
  <path d="M4 7.500h4L9.500 5h5L16 7.500h4v11.500H4zM12 16.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Z" />,
);
export const Flask = icon(
  <path d="M9.500 3.500h5M10.500 3.500v6L5 19.500a1 1 0 0 0 1 1.500h12a1 1 0 0 0 1-1.500l-5.500-10v-6M7.500 15.500h9" />,
);
export const Flag = icon(<path d="M6 21V4h12l-2.500 4L18 12H6" />);
export const Download = icon(<path d="M12 4v11M7.500 10.500 12 15l4.500-4.500M5 19.500h14" />);
export const Sliders = icon(<path d="M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.500v5" />);

export function Logo({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 26 26" aria-hidden="true" focusable="false">
      <rect width="26" height="26" rx="7" fill="var(--brand)" />
      <path
        d="M6.5 10.500c1 4.7 3.7 7 6.5 7s5.5-2.3 6.5-7"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
      />
      <path
        d="M9.2 10.700v2.200M13 12.500v2.600M16.8 10.700v2.2"
        stroke="#fff"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
    </svg>
  );
}
